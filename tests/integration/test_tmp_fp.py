from __future__ import annotations
import pytest
from tests.integration.test_failpoints import ground, every_point_once  # noqa: F401
from tests.support import operations_panels
from tests.support.scenes import OPERATIONS
NAMES=[n for n in OPERATIONS if hasattr(operations_panels,n) and n.startswith(("drain","sweep","goodbye_of"))]
async def test_all(ground):
    import time
    runs={}
    for n in NAMES:
        b=time.time()
        trace, out = await ground.undisturbed(await OPERATIONS[n](ground))
        runs[n]=(trace,out)
        print(n, round(time.time()-b,2), "GAPS", trace.gaps())
    from app.failpoints import POINTS
    mine={p for p in POINTS if p.split(".")[0] in {"move","leftover","sweep","panel"}}|{"config.user_lost"}
    print("NOT PASSED", mine-{p for t,_ in runs.values() for p in t.points})
    print("NOT MISSED", {p for p in mine if not any(t.gaps(without=p) for t,_ in runs.values())})
    bad=[]
    for pl in sorted(mine):
        n=[n for n in runs if pl in runs[n][0].points][-1]
        b=time.time()
        try:
            o=await ground.killed(await OPERATIONS[n](ground), pl+"@1")
            d=o.differs(runs[n][1])
        except AssertionError as e:
            d=str(e)[:600]
        print(n,pl,round(time.time()-b,2),d)
        if d: bad.append((n,pl,d))
    assert not bad
