"""The command line: reads the arguments, calls a verb, shows and writes what it returned. Nothing is computed here.

What ends how::

    0    done
    1    could not be done, for a reason that is printed (`EutoneError`, or an error nobody expected)
    2    wrong usage, input that cannot be read, or an output that cannot be written; found before anything is computed
    130  interrupted; nothing half-written is left behind

Results go to standard output, everything else (progress, warnings, errors) to standard error; with ``--json -``
standard output holds the JSON and nothing else. Heavy modules are imported inside the commands, so that ``--help`` is
quick.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from eutone import EutoneError, InputError, __version__
from eutone._interrupt import signals

__all__ = ["app", "main"]

app = typer.Typer(
    name="eutone",
    help="From a person's measurements to a mechanistic, calibrated model of that person's neurochemistry. "
    "Research and professional-support software, not a medical device.",
    epilog="Exit codes: 0 done, 1 could not be done, 2 wrong usage or unreadable input, 130 interrupted.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: twice as quick, and every console can show it
)

# The \b keeps the lines as they are.
models = typer.Typer(
    help="Look at a model: one that comes with Eutone, or a file in Antimony or SBML.", no_args_is_help=True
)
app.add_typer(models, name="model")
knowledge = typer.Typer(
    help="Look after the tables of markers, intervals, drugs and explanations.", no_args_is_help=True
)
app.add_typer(knowledge, name="knowledge")

PROFILE_EXAMPLES = """\b
Examples:
  eutone profile panel.csv --age 12d --sex female --taking none --html report.html
  eutone profile panel.csv --age 3.5y --taking "levodopa 100 mg 3/d with carbidopa 25 mg last 2 h ago"
  eutone profile panel.json --setting general --json - > profile.json"""

SIMULATE_EXAMPLES = """\b
Examples:
  eutone simulate dopamine_2009 --days 7
  eutone simulate dopamine_2009 --days 3 --people 10000 --dose "ldopa 50 at 8 every 8 x 6" --svg bands.svg
  eutone simulate whole --take "sertraline 50 mg/d" --days 42 --wanted csf_HIAA,e_s,plt_5HT --svg weeks.svg
  eutone simulate whole --rest --people 100 --take "sertraline 50 mg/d" --days 42 --wanted csf_HIAA --svg people.svg
  eutone simulate model.xml --until 100 --set k1=0.3 --wanted A,B,J0 --csv courses.csv
  eutone simulate dopamine_2009 --days 7 --people 1000000 --wanted eda --out people.parquet"""

VALIDATE_EXAMPLES = """\b
Examples:
  eutone validate --system serotonin
  eutone validate --only F074,F081 --json -
  eutone validate --template findings > findings.csv
  eutone validate --findings findings.csv --trials trials.csv"""

EXPORT_EXAMPLES = """\b
Examples:
  eutone model export dopamine_2009 --out dopamine.xml
  eutone model export body --set e_TH=0.3 --out patient.xml
  eutone model export model.xml --out model.ant"""

Threads = Annotated[
    int | None,
    typer.Option("--threads", metavar="N", min=1, help="Threads to compute on; all available cores by default."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no notes; no summary where a file was asked.")]

Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="ID=VALUE", help="A parameter, or where a species begins; once per id."),
]


def _model_names(incomplete: str) -> list[str]:
    """For the completion of a shell, which offers files where none of these fits."""
    from eutone import _model

    return [name for name in _model.names() if name.startswith(incomplete)]


Model = Annotated[
    str,
    typer.Argument(metavar="MODEL", help="A name from 'eutone model list', or a file.", autocompletion=_model_names),
]


@dataclass(frozen=True)
class Settings:
    """The global options."""

    threads: int | None = None
    quiet: bool = False


def _common(context: typer.Context) -> Settings:
    """The global options, as a command's own say or those before it."""
    own, before = context.params, context.obj
    return Settings(own.get("threads") or before.threads, own["quiet"] or before.quiet)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"eutone {__version__}")
        raise typer.Exit


@app.callback()
def _globals(
    context: typer.Context,
    threads: Threads = None,
    quiet: Quiet = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error came from.")] = False,
) -> None:
    context.obj = Settings(threads, quiet)


@app.command(epilog=PROFILE_EXAMPLES)
def profile(
    context: typer.Context,
    panel: Annotated[str, typer.Argument(metavar="PANEL", help="The measurements: CSV, JSON or a FHIR R4 Bundle.")],
    age: Annotated[str | None, typer.Option(metavar="AGE", help="3.5y, 6mo, 12d; averaged over if left out.")] = None,
    sex: Annotated[str | None, typer.Option(metavar="SEX", help="female or male; averaged over if left out.")] = None,
    weight: Annotated[str | None, typer.Option(metavar="WEIGHT", help="14kg.")] = None,
    height: Annotated[str | None, typer.Option(metavar="HEIGHT", help="98cm.")] = None,
    taking: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ITEM",
            help='What is taken, once per item: "levodopa 100 mg 3/d"; none: nothing is; left out: not said.',
        ),
    ] = None,
    gene: Annotated[
        list[str] | None, typer.Option(metavar="GENOTYPE", help="A genotype, once per gene: COMT:rs4680=A/A.")
    ] = None,
    setting: Annotated[
        Literal["referred", "general", "flat"] | None,
        typer.Option(
            help="How common each explanation is beforehand: among people referred, in general, or all equal. "
            "Left out: referred for a panel with CSF, general without."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Seed of every random draw.")] = 0,
    json: Annotated[str | None, typer.Option(metavar="FILE", help="Write JSON; - for standard output.")] = None,
    html: Annotated[str | None, typer.Option(metavar="FILE", help="Write a self-contained HTML report.")] = None,
    save: Annotated[str | None, typer.Option(metavar="FILE", help="Write the case file (CASE.eutone.nc).")] = None,
    prior: Annotated[bool, typer.Option("--prior", help="Go on although no marker can be used.")] = False,
    threads: Threads = None,
    quiet: Quiet = False,
) -> None:
    """Calibrate the model to one person's panel: what is off, how sure, and what the panel cannot tell."""
    import eutone
    from eutone import _terminal

    common = _common(context)
    outputs = _terminal.Outputs(panel, json=json, html=html, save=save)
    case = eutone.read(
        panel,
        age=age,
        sex=sex,
        weight=weight,
        height=height,
        taking=_taken(taking),
        genes=_genotypes(gene) or None,
    )
    if not common.quiet:
        _terminal.notes(case.issues)
    with _terminal.progress(common.quiet) as advance:
        result = eutone.profile(case, setting=setting, seed=seed, threads=common.threads, prior=prior, progress=advance)
    outputs.write(result)
    if not (common.quiet and outputs.any):
        _terminal.summary(result, to_error=json == "-")
    if result.status == "failed":
        raise typer.Exit(1)


@app.command(epilog=SIMULATE_EXAMPLES)
def simulate(
    context: typer.Context,
    model: Model,
    days: Annotated[float | None, typer.Option(metavar="N", help="How long, where the model says its unit.")] = None,
    until: Annotated[float | None, typer.Option(metavar="T", help="How long, in the model's own unit.")] = None,
    every: Annotated[float | None, typer.Option(metavar="DT", help="Step between times, in the model's unit.")] = None,
    people: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Virtual people; the model as it stands if left out.")
    ] = None,
    spread: Annotated[
        float | None,
        typer.Option(
            metavar="S", min=0.0, help="How much people differ: standard deviation of the ln; 0.2 if left out."
        ),
    ] = None,
    vary: Annotated[
        str | None, typer.Option(metavar="IDS", help="Parameters that differ: ids or patterns, such as 'V_*,fire'.")
    ] = None,
    set_: Set = None,
    dose: Annotated[
        list[str] | None,
        typer.Option(
            metavar="DOSE",
            help="TARGET AMOUNT at T [for D] [every E x COUNT], once per item: a species gets it, a parameter is "
            "raised by it. Times may have a unit (8 h, 30 min) where the model says its own.",
        ),
    ] = None,
    take: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ITEM",
            help="What is taken from time 0 on, once per item, as for a profile; for the models whole and body.",
        ),
    ] = None,
    wanted: Annotated[
        str | None, typer.Option(metavar="IDS", help="Species, rules, reactions, parameters; all species if left out.")
    ] = None,
    seed: Annotated[int | None, typer.Option(metavar="N", min=0, help="Seed of the people; 0 if left out.")] = None,
    rest: Annotated[bool, typer.Option("--rest", help="Everybody begins in their own steady state.")] = False,
    rtol: Annotated[float, typer.Option(metavar="R", help="Relative error allowed in a step.")] = 1e-6,
    atol: Annotated[float, typer.Option(metavar="A", help="Absolute error allowed in a step.")] = 1e-9,
    csv: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write every course as CSV: a row for each person and time.")
    ] = None,
    json: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write the bands as JSON; - for standard output.")
    ] = None,
    out: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="Write every course: FILE.nc, or, for any number of people, a folder that ends with .parquet, .zarr "
            "or .npz; the same command goes on with one that was not finished.",
        ),
    ] = None,
    svg: Annotated[str | None, typer.Option(metavar="FILE", help="Write a picture of the bands.")] = None,
    threads: Threads = None,
    quiet: Quiet = False,
) -> None:
    """Run a model over time, for one person or many: median and 5 to 95 % at a few times."""
    from eutone import _simulating

    _simulating.run(_simulating.Request(**context.params | asdict(_common(context))))


@app.command()
def schema(name: Annotated[str, typer.Argument(metavar="NAME", help="profile or courses.")]) -> None:
    """Print the JSON Schema of a result."""
    from eutone import _results

    sys.stdout.write(_results.schema(name))


@app.command(epilog=VALIDATE_EXAMPLES)
def validate(
    context: typer.Context,
    findings: Annotated[
        str | None, typer.Option("--findings", metavar="FILE", help="A table of findings of your own, with --trials.")
    ] = None,
    trials: Annotated[
        str | None,
        typer.Option("--trials", metavar="FILE", help="How to simulate them; alone, in place of Eutone's own trials."),
    ] = None,
    template: Annotated[
        Literal["findings", "trials"] | None, typer.Option("--template", help="Print a table to begin with, and end.")
    ] = None,
    only: Annotated[str | None, typer.Option("--only", metavar="ID,...", help="These findings only.")] = None,
    system: Annotated[str | None, typer.Option("--system", metavar="NAME", help="Those of this system only.")] = None,
    uncoupled: Annotated[
        bool, typer.Option("--uncoupled", help="Predict without couplings between modules (else it stands beside).")
    ] = False,
    json: Annotated[str | None, typer.Option(metavar="FILE", help="Write JSON; - for standard output.")] = None,
    threads: Threads = None,
    quiet: Quiet = False,
) -> None:
    """Hold the whole person against published findings: what each simulation says, what was seen, what passed.

    Findings of your own are two tables: what was seen, and how to simulate it (docs/tutorial-validate.md). Failures
    stay in the ledger and do not change the exit code.
    """
    from eutone import _terminal, _validate, _validating

    common = _common(context)
    if template is not None:
        _terminal.put("-", _validating.template(template))
        return
    inputs = {Path(path).resolve(): option for option, path in (("--findings", findings), ("--trials", trials)) if path}
    _terminal.check_paths(inputs, {"--json": json})
    found, tried = _validating.asked(findings, trials, only, system)
    with _terminal.progress(common.quiet) as advance:
        ledger = _validate.validate(found, tried, uncoupled=uncoupled, threads=common.threads, progress=advance)
    if json:
        _terminal.put(json, _validating.to_json(ledger))
    if not (common.quiet and json):
        typer.echo(_validating.table(ledger), err=json == "-")


@models.command("list")
def model_list() -> None:
    """Name the models that come with Eutone."""
    from eutone import _model

    named = _model.names()
    width = max(map(len, named))
    typer.echo("\n".join(f"{name:{width}}  {about}" for name, about in named.items()))


@models.command("show")
def model_show(model: Model) -> None:
    """Print what stands in a model, or what an id of the body means: its equation, its numbers and their sources.

    An id is dotted (striatum.dopamine.TH, enzyme.MAOA) or as in the model.
    """
    from eutone import _explain, _model

    of_body = model not in _model.names() and not _model.names_file(model) and _explain.known(model)
    typer.echo(_explain.explain(model) if of_body else _model.show(_model.find(model)))


@models.command("check")
def model_check(model: Model) -> None:
    """See whether a model can be read and comes to rest; anything wrong ends with exit code 1."""
    from eutone import _model

    answers = _model.check_named(model)
    for answer in answers:
        typer.echo(f"{'ok   ' if answer.passed else 'WRONG'}  {answer.question}: {answer.finding}")
    if not all(answer.passed for answer in answers):
        raise typer.Exit(1)


@models.command("export", epilog=EXPORT_EXAMPLES)
def model_export(
    context: typer.Context,
    model: Model,
    out: Annotated[
        str, typer.Option(metavar="FILE", help="SBML where it ends with .xml or .sbml, Antimony where with .ant.")
    ],
    set_: Set = None,
    quiet: Quiet = False,
) -> None:
    """Write a model for other tools, as Eutone solves it: SBML Level 3 Version 2, or Antimony.

    What cannot be said in SBML ends with exit code 1 and is named; nothing is left out.
    """
    from eutone import _exporting, _simulating

    _exporting.run(model, out, _simulating.settings_of(set_ or []), quiet=quiet or context.obj.quiet)


@models.command("conform")
def model_conform(
    context: typer.Context,
    cases: Annotated[
        str, typer.Argument(metavar="DIR_OR_ZIP", help="Cases in the layout of the SBML Test Suite, at any depth.")
    ],
    json: Annotated[str | None, typer.Option(metavar="FILE", help="Write JSON; - for standard output.")] = None,
    quiet: Quiet = False,
) -> None:
    """Run cases of the SBML Test Suite: how many are right, refused by name, wrong or crashed.

    Anything wrong or crashed ends with exit code 1; a model that is refused says what is not supported.
    """
    from eutone import _conform, _terminal

    common = _common(context)
    outputs = _terminal.Outputs(cases, json=json, what="the cases")
    with _terminal.progress(common.quiet) as advance:
        outcomes = _conform.conform(cases, advance)
    outputs.write_text(_conform.to_json(outcomes))
    if not (common.quiet and outputs.any):
        typer.echo(_conform.table(outcomes), err=json == "-")
    if any(outcome.status in ("wrong", "crashed") for outcome in outcomes):
        raise typer.Exit(1)


@knowledge.command("check")
def knowledge_check(
    tables: Annotated[str | None, typer.Option(metavar="FOLDER", help="Tables to check, if not Eutone's own.")] = None,
) -> None:
    """See whether the tables agree with themselves and with each other; anything wrong ends with exit code 1."""
    from eutone.knowledge import check

    if tables is not None and not Path(tables).is_dir():
        raise InputError("there is no such folder", file=tables)
    problems = check.problems(None if tables is None else Path(tables))
    for problem in problems:
        typer.echo(str(problem))
    typer.echo(f"{len(problems)} problems" if problems else "no problems")
    if problems:
        raise typer.Exit(1)


def _taken(items: list[str] | None) -> list[str] | None:
    """``none`` alone declares that nothing is taken; no option at all says nothing about it."""
    if not items:
        return None
    declared = [item for item in items if item.strip().lower() == "none"]
    if declared and len(items) > 1:
        raise typer.BadParameter("none says that nothing is taken, yet something else is given", param_hint="--taking")
    return [] if declared else items


def _genotypes(items: list[str] | None) -> dict[str, str]:
    genotypes: dict[str, str] = {}
    for item in items or []:
        gene, equals, genotype = (part.strip() for part in item.partition("="))
        if not (gene and equals and genotype):
            raise typer.BadParameter(f"'{item}' is not GENE=GENOTYPE (COMT:rs4680=A/A)", param_hint="--gene")
        if genotypes.setdefault(gene, genotype) != genotype:
            raise typer.BadParameter(f"{gene} is given twice, differently", param_hint="--gene")
    return genotypes


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and end the process with its exit code.

    Parameters
    ----------
    arguments : list of str, optional
        In place of ``sys.argv[1:]``.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    debug = "--debug" in arguments  # here, so that it holds whatever goes wrong afterwards
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="replace")  # a console that cannot show a micro sign shows a question mark
    try:
        with signals(), _gone_reader():
            app(args=arguments, prog_name="eutone")
    except SystemExit as end:
        notes = _notes(end)
        if end.code == 130:
            _say(f"interrupted; {notes or 'nothing half-written was left behind'}")
        elif notes:
            _say(f"ended; {notes}")
        with _gone_reader():
            sys.stdout.flush()
        raise
    except Exception as error:
        if debug:
            raise
        reason, code = _reason(error)
        _say(" ".join(reason.split()))
        raise SystemExit(code) from None


def _notes(end: BaseException | None) -> str:
    """What was noted on the way to the end of the process: what is whole, and how to go on."""
    notes: list[str] = []
    while end is not None:
        notes += getattr(end, "__notes__", [])
        end = end.__cause__ or end.__context__
    return "; ".join(notes)


def _reason(error: Exception) -> tuple[str, int]:
    """What is said about an error, and the exit code it ends with."""
    if isinstance(error, EutoneError):
        return str(error), error.exit_code
    if isinstance(error, OSError | MemoryError):
        return str(error) or type(error).__name__, 1
    name = type(error).__name__
    return f"unexpected {name}: {error} (a defect of Eutone; 'eutone --debug ...' shows where)", 1


@contextlib.contextmanager
def _gone_reader() -> Iterator[None]:
    """End quietly where whoever read standard output (``| head``) has left: there is nobody to tell."""
    try:
        yield
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None


def _say(text: str) -> None:
    print(f"eutone: {text}", file=sys.stderr)  # noqa: T201
