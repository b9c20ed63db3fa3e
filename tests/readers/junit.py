"""What others make of a JUnit file: `read FILE` prints what the library junitparser reads, as JSON; `validate FILE...` says
what the schema of Jenkins' xUnit plug-in does not allow in which of them, and ends with 1 if there is anything."""

import json
import pathlib
import sys

import junitparser
import xmlschema


def read(path):
    report = junitparser.JUnitXml.fromfile(path)
    cases = []
    for suite in report:
        for case in suite:
            cases.append({
                "suite": suite.name,
                "classname": case.classname,
                "name": case.name,
                "time": case.time,
                "file": case._elem.get("file"),
                "line": case._elem.get("line"),
                "properties": {prop.name: prop.value for prop in case.child(junitparser.Properties) or []},
                "results": [
                    {"kind": type(result).__name__, "type": result.type, "message": result.message, "text": result.text}
                    for result in case.result
                ],
                "output": case.system_out,
            })
    counts = {name: getattr(report, name) for name in ["tests", "failures", "errors", "skipped"]}
    suites = {suite.name: {prop.name: prop.value for prop in suite.properties()} for suite in report}
    json.dump({**counts, "cases": cases, "suites": suites}, sys.stdout)


def validate(*paths):
    schema = xmlschema.XMLSchema(pathlib.Path(__file__).with_name("junit-10.xsd"))
    complaints = [f"{path}: {error.path}: {error.reason}" for path in paths for error in schema.iter_errors(path)]
    print("\n".join(complaints))
    return 1 if complaints else 0


sys.exit({"read": read, "validate": validate}[sys.argv[1]](*sys.argv[2:]))
