"""GET /auth/verify"""

from bukhindor.web.endpoint.call import Call


async def verify(call: Call) -> None:
    """Tell a proxy who sent a request

    For `auth_request` of nginx and `forward_auth` of Caddy and Traefik. The response has no body; its headers
    `X-User-Id`, `X-User-Role` and `X-Session-Id` are for the service behind the proxy. The proxy must remove these
    headers from the requests of clients.
    """
    session, user = call.caller.session, call.caller.user
    for name, value in ((b"x-user-id", user.id), (b"x-user-role", user.role), (b"x-session-id", session.id)):
        call.exchange.response_headers.append((name, str(value).encode("ascii")))
