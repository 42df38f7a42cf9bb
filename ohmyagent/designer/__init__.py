"""The designer: the model that turns what a person wants into the draft of an agent, with tools that cannot act."""
