"""The recipe of the checker: data, model, training, export, evaluation. See README.md here."""
