"""Trains the networks of XNN and XNN-d (arXiv 2408.04974). Everything that ships is TypeScript; see training/README.md."""
