"""The verification as one HTML page to be read and signed; no script, no address, no value."""

from __future__ import annotations

from importlib.resources import files
from itertools import islice

from jinja2 import Environment

from workbench.verify.result import Action, Verification

MAX_SHOWN = 500
NOT_PROMISED = (
    "A name without a title, only in free text and in no attribute for names, is not known.",
    "The intervals between a patient's studies stay, in days; times of day where they are exact.",
)
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Verification of de-identification</title>
<style>{{ style | safe }}</style>
</head>
<body><main>
<h1>Verification of de-identification</h1>
{% if done.is_good %}
<p class="lead">{{ "{:,}".format(done.checks) }} checks of {{ done.outputs }} outputs:
none failed.</p>
{% else %}
<p class="empty">{{ done.failures | length }} of {{ "{:,}".format(done.checks) }} checks of
{{ done.outputs }} outputs failed. These outputs must not leave.</p>
{% endif %}
<p>{{ done.inputs }} originals; {{ done.refused }} of them have no output of their own,
{{ done.unread }} could not be read and compared. Every element of both sides was read with pydicom,
at every depth, by other code than that which made the outputs.</p>
{% if done.unchecked %}
<p class="empty">Not checked: {{ done.unchecked | join("; ") }}.</p>
{% endif %}
<h2>As the MIDI-B challenge counts</h2>
<p>Its ten actions and three kinds of rules (TCIA, 2024), so that the figures can be compared.</p>
<div class="wide"><table>
<thead><tr><th scope="col">Action or rules</th><th scope="col" class="number">Passed</th>
<th scope="col" class="number">Failed</th><th scope="col" class="number">%</th></tr></thead>
<tbody>
{% for what, passed, failed, percent in done.by_action() + done.by_category() %}
<tr><td>{{ what }}</td>
{% if percent is none %}<td class="number" colspan="3">not checked</td>
{% else %}<td class="number">{{ "{:,}".format(passed) }}</td>
<td class="number{{ ' over' if failed }}">{{ "{:,}".format(failed) }}</td>
<td class="number">{{ "%.2f" | format(percent) }}</td>{% endif %}</tr>
{% endfor %}
</tbody></table></div>
<h2>Checks</h2>
<div class="wide"><table>
<thead><tr><th scope="col">Action</th><th scope="col">What it asks</th><th scope="col">Rule of</th>
<th scope="col" class="number">Passed</th><th scope="col" class="number">Failed</th></tr></thead>
<tbody>
{% for action, meaning, category, passed, failed in done.counts() %}
<tr><td><code>{{ action }}</code></td><td>{{ meaning }}</td><td>{{ category }}</td>
<td class="number">{{ "{:,}".format(passed) }}</td>
<td class="number{{ ' over' if failed }}">{{ "{:,}".format(failed) }}</td></tr>
{% endfor %}
<tr><td><code>{{ retained }}</code></td><td>not applicable: pixels never leave</td><td></td>
<td class="number">–</td><td class="number">–</td></tr>
</tbody></table></div>
{% if done.failures %}
<h2>What failed</h2>
<p>By the output's number in the order of the folder's names, 0 for the folder; values are not
shown.</p>
<div class="wide"><table>
<thead><tr><th scope="col" class="number">Output</th><th scope="col">Action</th>
<th scope="col">Where</th><th scope="col">What</th></tr></thead>
<tbody>
{% for one in shown %}
<tr><td class="number">{{ one.number }}</td><td><code>{{ one.action }}</code></td>
<td>{{ one.where }}</td><td>{{ one.what }}</td></tr>
{% endfor %}
</tbody></table></div>
{% if done.failures | length > shown | length %}
<p>And {{ done.failures | length - shown | length }} more.</p>
{% endif %}
{% endif %}
<h2>What cannot be checked</h2>
<ul>{% for one in not_promised %}<li>{{ one }}</li>{% endfor %}</ul>
<h2>Signed off</h2>
<div class="wide"><table>
<thead><tr><th scope="col">Name</th><th scope="col">Place and date</th>
<th scope="col">Signature</th></tr></thead>
<tbody><tr><td style="height:3.2em;min-width:14rem"></td><td style="min-width:12rem"></td>
<td style="min-width:16rem"></td></tr></tbody></table></div>
</main>
<footer>{% for name, value in done.about.items() %}
<p>{{ name }}: <code>{{ value }}</code></p>
{% endfor %}</footer>
</body></html>
"""


def page(done: Verification) -> str:
    """Return the page."""
    # The reports' style; their code is not needed for a page without a notebook.
    style = files("workbench") / "report" / "templates" / "workbench" / "page.css"
    return (
        Environment(autoescape=True)
        .from_string(PAGE)
        .render(
            done=done,
            shown=list(islice(done.failures, MAX_SHOWN)),
            style=style.read_text("utf-8"),
            retained=Action.PIXELS_RETAINED,
            not_promised=NOT_PROMISED,
        )
    )
