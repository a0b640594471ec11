"""The checks of the gateway's decision built from the parts one would usually take.

Trusted hosts and CORS by Starlette, the limit by slowapi on Redis, the token by PyJWT at each
request, revocations by a look-up in Redis, spans and metrics by OpenTelemetry's instrumentation.
"""

import os
import urllib.request
from typing import Annotated, Any

import jwt
import redis.asyncio
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.security import OAuth2PasswordBearer
from opentelemetry import metrics, trace
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from slowapi import Limiter
from slowapi.util import get_remote_address
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

COLLECTOR = os.environ["COLLECTOR"]
REDIS = os.environ["REDIS"]

traces = TracerProvider(sampler=ParentBased(TraceIdRatioBased(0.01)))
traces.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=COLLECTOR, insecure=True)))
trace.set_tracer_provider(traces)
exporter = OTLPMetricExporter(endpoint=COLLECTOR, insecure=True)
metrics.set_meter_provider(MeterProvider([PeriodicExportingMetricReader(exporter)]))

with urllib.request.urlopen(os.environ["JWKS"]) as answer:  # noqa: S310  # loopback
    keys = {key.key_id: key for key in jwt.PyJWKSet.from_json(answer.read()).keys}
revoked = redis.asyncio.Redis.from_url(REDIS)
limiter = Limiter(key_func=get_remote_address, storage_uri=REDIS)
app = FastAPI()
app.state.limiter = limiter
app.add_middleware(CORSMiddleware, allow_origins=["https://app.example.com"])
app.add_middleware(TrustedHostMiddleware, allowed_hosts=["localhost", "127.0.0.1"])
FastAPIInstrumentor.instrument_app(app)


async def caller(token: Annotated[str, Depends(OAuth2PasswordBearer("/login"))]) -> dict[str, Any]:
    key = keys[jwt.get_unverified_header(token)["kid"]]
    try:
        claims = jwt.decode(token, key, ["EdDSA"], audience="api", issuer="api-reliability-suite")
    except jwt.InvalidTokenError as wrong:
        raise HTTPException(401, "not a token of ours") from wrong
    if await revoked.exists(f"revoked:{claims['jti']}", f"revoked:{claims['sid']}"):
        raise HTTPException(401, "revoked")
    return claims


@app.get("/authz")
@limiter.limit("900000/second")
async def authz(
    request: Request, response: Response, claims: Annotated[dict[str, Any], Depends(caller)]
) -> dict[str, str]:
    del request
    response.headers["x-auth-subject"] = claims["sub"]
    return {"status": "ok"}
