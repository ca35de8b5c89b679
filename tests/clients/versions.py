"""The generators that are tried, and what their clients need; other packages of Maven stand in a `pom.xml`."""

NPM = {
    "openapi-typescript": "7.13.0",
    "openapi-fetch": "0.17.0",
    "@hey-api/openapi-ts": "0.99.0",
    "zod": "4.6.7",
    "typescript": "5.9.3",
    "@types/node": "20.19.43",
}
PIP = {"openapi-python-client": "0.29.1"}
GO = {"oapi-codegen": ("github.com/oapi-codegen/oapi-codegen/v2", "2.8.2")}
MAVEN = {"openapi-generator": "7.25.0", "kotlin": "2.2.21"}
