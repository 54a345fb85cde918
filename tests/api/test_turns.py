"""One browser that asks a great deal, and the others."""

import asyncio

import pytest

from pages.api.turns import AT_ONCE, EACH, WAITING, TooMany, Turns


def test_others_are_answered_beside_one_who_asks_a_great_deal():
    async def scene():
        turns, at_work, most, order = Turns(), set(), {"greedy": 0, "all": 0}, []
        go = asyncio.Event()

        async def ask(person, i):
            async with turns.turn(person):
                at_work.add((person, i))
                greedy = sum(name == "greedy" for name, _ in at_work)
                most["greedy"] = max(most["greedy"], greedy)
                most["all"] = max(most["all"], len(at_work))
                if person == "greedy":
                    await go.wait()
                order.append(person)
                at_work.discard((person, i))

        asked = [asyncio.create_task(ask("greedy", i)) for i in range(WAITING)]
        await asyncio.sleep(0)
        await asyncio.gather(*(ask(f"person {i}", i) for i in range(3 * AT_ONCE)))
        assert len(order) == 3 * AT_ONCE and "greedy" not in order
        with pytest.raises(TooMany):
            async with turns.turn("greedy"):
                pass
        go.set()
        await asyncio.gather(*asked)
        assert most["greedy"] == EACH and most["all"] <= AT_ONCE
        async with turns.turn("greedy"):
            pass
        assert not turns._each and not turns._there

    asyncio.run(scene())


def test_a_question_that_is_given_up_gives_its_turn_back():
    async def scene():
        turns = Turns()

        async def hold():
            async with turns.turn("a"):
                await asyncio.sleep(60)

        held = [asyncio.create_task(hold()) for _ in range(EACH + 3)]
        await asyncio.sleep(0.01)
        for task in held:
            task.cancel()
        await asyncio.gather(*held, return_exceptions=True)
        async with asyncio.timeout(5), turns.turn("a"):
            pass
        assert not turns._there

    asyncio.run(scene())
