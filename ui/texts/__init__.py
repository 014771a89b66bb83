"""Every sentence of the interface, in English and German."""
