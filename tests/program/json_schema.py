"""As much of JSON Schema as docs/openapi.json uses. Stricter in one thing: a member that a schema with `properties`
does not name is an error, so that what the program says is documented."""
import re

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
KNOWN = {"$ref", "type", "description", "properties", "required", "additionalProperties", "items", "enum", "const",
         "pattern", "minimum", "oneOf", "anyOf"}


def is_of(value, name):
    if name == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if name == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


def listed(value):
    return value if isinstance(value, list) else [value]


def resolved(document, node):
    """What a $ref names, or the node itself."""
    while "$ref" in node:
        target = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def faults(document, schema, value, path="$"):
    """What of the value is not as the schema says: sentences."""
    schema = resolved(document, schema)
    assert set(schema) <= KNOWN, f"{path}: the schema has {set(schema) - KNOWN}, which this test does not know"
    for key, wanted in (("oneOf", range(1, 2)), ("anyOf", range(1, 99))):
        tried = [faults(document, one, value, path) for one in schema.get(key, [])]
        if tried and tried.count([]) not in wanted:
            return [f"{path}: fits {tried.count([])} of {key}: {min(filter(None, tried), key=len, default='')}"]
    if "type" in schema and not any(is_of(value, name) for name in listed(schema["type"])):
        return [f"{path}: {value!r} is no {schema['type']}"]
    if "const" in schema and value != schema["const"]:
        return [f"{path}: {value!r} is not {schema['const']!r}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{path}: {value!r} is none of {schema['enum']}"]
    if isinstance(value, str) and "pattern" in schema and not re.search(schema["pattern"], value):
        return [f"{path}: {value!r} does not match {schema['pattern']}"]
    if "minimum" in schema and is_of(value, "number") and value < schema["minimum"]:
        return [f"{path}: {value} is below {schema['minimum']}"]
    if isinstance(value, list) and "items" in schema:
        return [fault for i, item in enumerate(value)
                for fault in faults(document, schema["items"], item, f"{path}[{i}]")]
    return of_object(document, schema, value, path) if isinstance(value, dict) else []


def of_object(document, schema, value, path):
    found = [f"{path}: {name} is missing" for name in schema.get("required", []) if name not in value]
    properties = schema.get("properties", {})
    rest = schema.get("additionalProperties", not properties)
    for name, member in value.items():
        if name in properties:
            found += faults(document, properties[name], member, f"{path}.{name}")
        elif isinstance(rest, dict):
            found += faults(document, rest, member, f"{path}.{name}")
        elif not rest:
            found.append(f"{path}: {name} is not documented")
    return found
