"""Asks a server through OpenAI's own Python client and prints what came, as JSON. Arguments: base URL, token, model."""

import json
import sys

import openai

url, token, model = sys.argv[1:4]
client = openai.OpenAI(base_url=url, api_key=token, max_retries=0)
ask = {"model": model, "messages": [{"role": "user", "content": "Capital of France?"}]}
everything = {
    "temperature": 0.7,
    "top_p": 0.9,
    "n": 2,
    "stop": ["\n\n"],
    "seed": 7,
    "presence_penalty": 0.1,
    "frequency_penalty": 0.1,
    "logit_bias": {"5": -100},
    "max_completion_tokens": 64,
    "user": "ann",
    "metadata": {"a": "b"},
    "store": False,
    "extra_body": {"min_p": 0.05, "top_k": -1, "repetition_penalty": 1.1, "guided_json": None},
}


def text_of_stream(stream):
    texts = {}
    for chunk in stream:
        for choice in chunk.choices:
            texts[choice.index] = texts.get(choice.index, "") + (choice.delta.content or "")
    return [texts[index] for index in sorted(texts)]


def refusal(**options):
    try:
        client.chat.completions.create(**ask, **options)
    except openai.APIStatusError as error:
        return [type(error).__name__, error.status_code, error.code, error.param]
    return None


whole = client.chat.completions.create(**ask, **everything)
print(
    json.dumps(
        {
            "whole": [choice.message.content for choice in whole.choices],
            "tokens": whole.usage.total_tokens,
            "stream": text_of_stream(client.chat.completions.create(**ask, **everything, stream=True)),
            "models": [model.id for model in client.models.list()],
            "refused": refusal(extra_body={"guided_json": {"type": "object"}}),
            "image": refusal(
                extra_body={
                    "messages": [
                        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,"}}]}
                    ]
                }
            ),
        }
    )
)
