"""Analyse: what a trained model is good for, one question at a time."""

import streamlit as st

from pages.ui import analyses, frame, needs, runs, selection_bar

frame.header(
    "Analyse", "Put the model to use. Choose a question; every answer says how far to trust it."
)
run = needs.need_run()
runs.picker("run-analyse")
selection_bar.line(run)

questions = analyses.discover()
reasons = {name: part.why_not(run) for name, part in questions.items()}
fitting = [name for name in questions if not reasons[name]]
wanted = st.query_params.get("part")
if wanted in fitting and st.session_state.get("part-seen") != wanted:  # a link to one question
    st.session_state[f"part-{run.id}"] = wanted
name = st.segmented_control(
    "Question",
    fitting,
    default=None if f"part-{run.id}" in st.session_state else fitting[0],
    required=True,
    wrap=True,
    format_func=lambda n: questions[n].TITLE,
    key=f"part-{run.id}",
    label_visibility="collapsed",
)
st.session_state["part-seen"] = st.query_params["part"] = name
st.markdown(f"**{questions[name].QUESTION}**")
questions[name].draw(run)

if others := [f"**{questions[n].TITLE}**: {why}" for n, why in reasons.items() if why]:
    with st.expander("Questions this model cannot answer"):
        st.markdown("  \n".join(others))
