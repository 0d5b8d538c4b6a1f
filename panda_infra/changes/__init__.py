"""What a commit would change, as pure functions: Plans compared, previews read, risks put first, comments written."""
