"""What a study is: its question, data, space and budget; and the record of what came of it."""
