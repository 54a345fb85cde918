"""Topics and words on the Analyse page: for every model of text they fit, with a reason for
every other kind of data.
"""

import numpy as np
import pytest
from app_pages import finished, open_page, words

from lvm_core import MODELS, read_dataset
from lvm_core.analysis.topics import coherence, topics
from lvm_core.text import clean
from pages.api import scripts
from pages.session import dimension_names, state
from pages.session.services import services
from pages.ui import selection_actions
from pages.ui.analyses import topics as topics_question
from pages.ui.analyses import words as words_question
from pages.ui.components import topicview

HOSTILE = (
    "<img src=x onerror=alert(1)> ![x](http://example.invalid) [www.example.org](javascript:1)"
)


@pytest.fixture(scope="module")
def text_runs():
    """One finished run a model of text, on a corpus whose documents and labels are hostile."""
    rng = np.random.RandomState(0)
    subjects = {
        "sport": ["team", "goal", "match", "season", "coach", "player", "league"],
        "market": ["stocks", "bank", "rate", "shares", "investor", "profit", "bond"],
    }
    rows = ["text,label"] + [
        f'"{HOSTILE} {" ".join(rng.choice(subjects[s], 12))}",{s} {"<b>x</b>" * (i % 5 == 0)}'
        for i, s in enumerate(["sport", "market"] * 60)
    ]
    data = state.Data(read_dataset("\n".join(rows).encode(), name="news.csv"))
    made = {}
    for name in ("LDA", "PLSA", "LSA", "WordEmbeddings"):
        cls = MODELS[name]
        options = {"latent_dim": 4} | ({"epochs": 10} if "epochs" in cls.parameters() else {})
        run = finished(data, cls(**options))
        made[name] = run
    services().datasets.put(data)
    return made


def sane(app):
    assert not app.exception, app.exception
    assert not app.error, [e.value for e in app.error]
    for element in (*app.markdown, *app.caption, *app.warning):
        assert (
            "![x](" not in element.value
            and "<img" not in element.value
            and "http://" not in element.value
        )


@pytest.mark.parametrize("name", ["LDA", "PLSA"])
def test_topics_are_shown_scored_and_downloaded(name, text_runs):
    app = open_page("analyse", run=text_runs[name].id, part="topics")
    sane(app)
    assert {"Coherence (NPMI)", "Topic diversity"} <= {m.label for m in app.metric} | {
        m.label.replace("\\", "") for m in app.metric
    }
    table = app.dataframe[0].value
    assert (
        len(table) == 4
        and table["share of words"].is_monotonic_decreasing
        and abs(table["share of words"].sum() - 1) < 1e-6
    )
    assert not app.slider, "the view has the one slider"
    first = table["words"][0].split(", ")
    assert table["name"][0] == clean(", ".join(first[:3]), 40)


def test_a_word_is_left_out_and_topics_are_named(text_runs):
    run = text_runs["LDA"]
    run.annotations.clear()
    app = open_page("analyse", run=run.id, part="topics")
    before = app.dataframe[0].value
    word = before["words"][0].split(", ")[0]
    app.multiselect(key=f"topics-without-{run.id}").select(word).run()
    sane(app)
    after = app.dataframe[0].value
    assert run.annotations["words left out"] == [word]
    assert not any(word in words.split(", ") for words in after["words"])
    assert after["share of words"].tolist() == before["share of words"].tolist()
    dimension = int(after["dimension"][0][1:]) - 1
    run.annotations["topic names"] = {str(dimension): "Sport <b>now</b>"}
    app.run()
    sane(app)
    assert app.dataframe[0].value["name"][0] == "Sport <b>now</b>"
    next(b for b in app.button if b.label == "Save topics as a column").click().run()
    sane(app)
    found = topics(run.fitted.model, run.dataset.X, run.fitted.codes)
    named = run.dataset.rows["topic"] == "Sport <b>now</b>"
    assert named.tolist() == (found.shares.argmax(1) == dimension).tolist()
    assert "topic" in run.dataset.colours()
    selection_actions.remove_column(run, "topic")
    run.annotations.clear()


def test_circles_that_would_overlap_are_moved_apart():
    rng = np.random.RandomState(0)
    P, radii = np.repeat(rng.uniform(-150, 150, (5, 2)), 4, axis=0), rng.uniform(10, 40, 20)
    placed = topicview.apart(P, radii, 252)
    away = np.sqrt(np.square(placed[:, None] - placed).sum(2)) - radii[:, None] - radii
    assert away[np.triu_indices(20, 1)].min() > 0
    assert (np.abs(placed) + radii[:, None]).max() <= 252
    alone = np.array([[0.0, 0.0], [150.0, 0.0]])
    assert np.abs(topicview.apart(alone, np.full(2, 40.0), 252) - alone).max() < 0.01


@pytest.mark.parametrize("name", ["LDA", "LSA", "WordEmbeddings"])
def test_words_have_neighbours_analogies_and_a_map(name, text_runs):
    run = text_runs[name]
    app = open_page("analyse", run=run.id, part="words")
    sane(app)
    app.text_input(key=f"word-{run.id}").set_value("goal").run()
    sane(app)
    assert "goal occurs" in words(app)
    app.text_input(key=f"word-{run.id}").set_value("goall").run()
    sane(app)
    assert "Spelt like it" in app.warning[0].value and "goal" in app.warning[0].value
    app.text_input(key=f"analogy-a-{run.id}").set_value("<script>").run()
    sane(app)
    assert any("is not among the words" in w.value for w in app.warning)


def test_other_runs_are_told_why_not(text_runs, runs):
    assert "plus and a minus end" in topics_question.why_not(text_runs["LSA"])
    assert "WordEmbeddings" in topics_question.why_not(text_runs["WordEmbeddings"])
    for kind in ("image", "table", "array"):
        assert topics_question.why_not(runs[kind]) and words_question.why_not(runs[kind])
    assert not words_question.why_not(runs["text"])
    for question in (topics_question, words_question):
        assert all(
            not why or why.endswith(".") for why in (question.why_not(run) for run in runs.values())
        )


def test_what_the_browser_gets_is_plain_and_complete(text_runs):
    import json

    run = text_runs["LDA"]
    dataset, fitted = run.dataset, run.fitted
    found = topics(fitted.model, dataset.X, fitted.codes)
    order = np.argsort(-found.prevalence)
    data = topicview.drawn(found, order, coherence(dataset.X, found.top(10)), dataset, list("abcd"))
    assert json.loads(json.dumps(data)) == data and len(data["topics"]) == 4
    # whatever the slider says, the browser has the words that lead
    for weight in (0.0, 0.35, 1.0):
        for topic, t in zip(data["topics"], order):
            names = {data["terms"][j]["name"] for j, _ in topic["words"]}
            best = [j for j in found.top(10, weight)[t] if found.words[t, j] > 0]
            assert {dataset.codec.terms[j] for j in best} <= names
    for term in data["terms"]:
        assert abs(sum(share for _, share in term["topics"]) - 1) < 0.02
    documents = [d for topic in data["topics"] for d in topic["documents"]]
    assert documents and all(len(d["text"]) <= 320 and "://" not in d["text"] for d in documents)
    assert sum(topic["share"] for topic in data["topics"]) == pytest.approx(1, abs=1e-3)


@pytest.mark.browser
def test_the_view_answers_pointer_and_keyboard(text_runs, browser):
    run = text_runs["LDA"]
    found = topics(run.fitted.model, run.dataset.X, run.fitted.codes)
    data = topicview.drawn(
        found,
        np.argsort(-found.prevalence),
        coherence(run.dataset.X, found.top(10)),
        run.dataset,
        list("abcd"),
    )
    page, errors = browser.new_page(), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.route(
        "http://topics/**",
        lambda route: route.fulfill(
            body=scripts.modules().get(
                route.request.url[len("http://topics/") :], scripts.read("topics.html")
            ),
            content_type="text/javascript" if route.request.url.endswith(".js") else "text/html",
        ),
    )
    page.goto("http://topics/")
    page.evaluate(
        """async (data) => {
        const view = await import("http://topics/topics/topics.js");
        view.default({ data, parentElement: document.body });
    }""",
        data,
    )

    def radii():
        return [float(c.get_attribute("r")) for c in page.locator("circle").all()]

    def names():
        return page.locator(".lxt-name").all_inner_texts()

    assert (
        len(radii()) == 4 and page.locator(".lxt-bar").get_attribute("class") == "lxt-bar lxt-idle"
    )
    page.locator('.lxt-topic[aria-label^="topic 2,"]').focus()
    page.keyboard.press("Enter")
    assert (
        "Topic 2 · " in page.locator(".lxt-title").inner_text()
        and page.locator(".lxt-idle").count() == 0
        and page.locator(".lxt-documents li").count() > 0
    )
    before, at_rest = names(), radii()
    page.locator(".lxt-lambda").evaluate(
        "e => { e.value = 0; e.dispatchEvent(new Event('input')); }"
    )
    assert names() != before and set(names()) <= {
        dataset_term["name"] for dataset_term in data["terms"]
    }
    page.locator(".lxt-term").first.focus()
    assert radii() != at_rest and "circles show" in page.locator(".lxt-note").inner_text()
    page.locator('.lxt-topic[aria-selected="true"]').focus()
    assert radii() == at_rest
    page.keyboard.press("ArrowRight")
    assert "Topic 3" in page.locator(".lxt-title").inner_text()
    page.keyboard.press("Escape")
    assert (
        "apart" in page.locator(".lxt-title").inner_text()
        and not page.locator(".lxt-documents").is_visible()
    )
    assert not errors and page.locator("img").count() == 0
    page.close()


def test_the_view_never_writes_html():
    code = scripts.modules()["topics/topics.js"].replace("http://www.w3.org/2000/svg", "")
    assert "textContent" in code and not any(
        word in code
        for word in (
            "innerHTML",
            "insertAdjacentHTML",
            "outerHTML",
            "document.write",
            "http://",
            "https://",
        )
    )


def test_dimensions_are_called_by_their_topics_wherever_they_are_named(text_runs):
    run = text_runs["LDA"]
    first = dimension_names.of(run)
    assert len(first) == 4 and all(", " in name for name in first)
    kept = dict(run.annotations)
    run.annotations["topic names"] = {"2": "Money"}
    word = first[0].split(", ")[0]
    run.annotations["words left out"] = [word]
    try:
        names = dimension_names.of(run)
        assert names[2] == "Money" and word not in names[0].split(", ")
        run.annotations["topic names"] = {"1": "Money and so on", "2": "Money and all that"}
        assert dimension_names.of(run, 40)[1:3] == ["Money and so on", "Money and all that"]
        assert len(set(dimension_names.of(run, 8))) == 4  # cut short they are told apart
        assert not open_page("explore", run=run.id).exception
    finally:
        run.annotations.clear()
        run.annotations.update(kept)
    assert dimension_names.of(text_runs["LSA"]) == ["z1", "z2", "z3", "z4"]
