"""What a replay does not know: holes, the answers they give, data of which only the shape is known."""
