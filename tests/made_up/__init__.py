"""Made-up parts, which a test adds to a copy of the program: components of PanDA and of CTAO's DPPS, and a product."""
