"""The bill of materials, in CycloneDX's JSON."""

from collections.abc import Mapping
from typing import Any, Final

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from supply import licences
from supply.artefacts import Artefact, artefacts
from supply.lock import OURS, LockedFile, LockedPackage, direct, runtime

UNKNOWN: Final = "NOASSERTION"


def bom(lock: Mapping[str, Any], version: str) -> Bom:
    """Return what an installation is made of. version: of Routeback."""
    packages = {package.key: _package(package) for package in runtime(lock)}
    needs = {package.key: package.needs for package in runtime(lock)}
    files = [_artefact(artefact) for artefact in artefacts()]
    ours = Component(
        name=OURS,
        version=version,
        type=ComponentType.APPLICATION,
        licenses=[LicenseFactory().make_from_string("Apache-2.0")],
        bom_ref=OURS,
    )
    found = Bom(components=[*packages.values(), *files])
    found.metadata.component = ours
    found.register_dependency(ours, [*(packages[key] for key in direct(lock)), *files])
    for key, component in packages.items():
        found.register_dependency(component, [packages[need] for need in needs[key]])
    return found


def written(found: Bom) -> str:
    """Return a bill as JSON that its schema accepts.

    Raises:
        AssertionError: the schema refuses it.
    """
    text: str = JsonV1Dot6(found).output_as_string(indent=1)
    if error := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        raise AssertionError(str(error))
    return text


def _package(package: LockedPackage) -> Component:
    stated = licences.licence(package.name)
    return Component(
        name=package.name,
        version=package.version,
        type=ComponentType.LIBRARY,
        purl=PackageURL("pypi", name=package.name, version=package.version),
        licenses=[LicenseFactory().make_from_string(stated or UNKNOWN)],
        components=[_file(package, file) for file in package.files],
        bom_ref=package.key,
    )


def _file(package: LockedPackage, file: LockedFile) -> Component:
    """Return one of the files that a package may be installed from, by its sum."""
    return Component(
        name=file.name,
        type=ComponentType.FILE,
        hashes=[_sha256(file.sha256)],
        bom_ref=f"{package.key}/{file.name}",
    )


def _artefact(artefact: Artefact) -> Component:
    model = artefact.kind == "model"
    return Component(
        name=artefact.name,
        version=artefact.version or None,
        type=ComponentType.MACHINE_LEARNING_MODEL if model else ComponentType.DATA,
        description=artefact.note,
        scope=ComponentScope.OPTIONAL if artefact.fetched else ComponentScope.REQUIRED,
        licenses=[LicenseFactory().make_from_string(artefact.licence)],
        hashes=[_sha256(artefact.sha256)],
        properties=[Property(name="routeback:fetched", value=str(artefact.fetched).lower())],
        bom_ref=f"{artefact.name}@{artefact.sha256[:12]}",
    )


def _sha256(digest: str) -> HashType:
    return HashType(alg=HashAlgorithm.SHA_256, content=digest)
