"""The pages of docs/ that are generated from the code: `python -m panda_infra.reference` writes them."""
