"""The node's loopback API: what Kafka's ACLs would allow each principal, and nothing more.

An agency appends only to its own topics and reads only its own deliveries; a recipient learns of
deliveries made to it and never of those withheld from it.
"""

from fastapi import FastAPI

from broker.api.agency_routes import add_agency_routes
from broker.api.inclusion_routes import add_inclusion_routes
from broker.api.officer_routes import add_officer_routes
from broker.api.public_routes import add_public_routes
from broker.api.query_routes import add_query_routes
from broker.api.rights import add_errors, authenticator
from broker.node import Node


def make_api(node: Node) -> FastAPI:
    """The node's API."""
    app = FastAPI(title="Caseward node", version="1", docs_url=None, redoc_url=None)
    add_errors(app)
    who = authenticator(node)
    add_agency_routes(app, node, who)
    add_public_routes(app, node, who)
    add_query_routes(app, node, who)
    add_inclusion_routes(app, node, who)
    add_officer_routes(app, node, who)
    return app
