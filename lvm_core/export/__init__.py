"""What leaves the app: pictures, animations, ONNX, tables, posters, a page of HTML."""
