"""Files: written under another name, then renamed; JSON and safetensors, checkpoints, never a
pickle.
"""
