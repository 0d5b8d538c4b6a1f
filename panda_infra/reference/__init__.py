"""The pages of docs/ that are made of the code: `python -m panda_infra.reference` writes them."""
