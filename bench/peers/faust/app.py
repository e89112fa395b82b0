"""A Faust application with the model inside: an agent takes each event, predicts, and sends the answer on."""

import os

import workers


def work():
    import faust

    import events

    score = events.SCORERS[os.environ["BENCH_WORKLOAD"]]()
    app = faust.App(
        os.environ["BENCH_GROUP"],
        broker="kafka://" + os.environ["BENCH_BROKERS"].replace(",", ";"),
        consumer_auto_offset_reset="earliest",
        producer_acks=-1,
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        datadir=os.environ["BENCH_SCRATCH"],
    )
    raw = {"value_type": bytes, "value_serializer": "raw"} if score.takes is bytes else {"value_type": score.takes}
    source = app.topic(os.environ["BENCH_INPUT"], key_type=bytes, key_serializer="raw", **raw)
    sink = app.topic(os.environ["BENCH_OUTPUT"], key_type=bytes, key_serializer="raw")

    @app.agent(source)
    async def predict(stream):
        async for event in stream.events():
            await sink.send(key=event.key, value=score(event.value))

    faust.Worker(app, loglevel="WARNING").execute_from_commandline()


workers.run(work)
