"""By which names a ticket keeps what some protocols need beside the provider's id of the job."""

ENDPOINT = "endpoint"
"""What was ordered from, at fal: it names the price, and rebuilds the addresses."""

CHARACTER = "character"
"""That it is the ticket of a character, in the `openai` protocol."""

UPLOAD = "upload"
"""The address of the file that we uploaded for the job, at Replicate."""
