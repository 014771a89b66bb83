"""The assistant: answers glossary and support questions from a company's own documents."""
