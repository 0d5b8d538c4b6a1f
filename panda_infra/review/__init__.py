"""Reviews at work: commits described by their own code, the engine's previews and plans, the code forges."""
