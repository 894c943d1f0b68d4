# The image of the room API. Build it from the top of the repository:
#
#   docker build -f images/room-api.Dockerfile -t buildit/room-api .
#
# With "docker buildx build --platform linux/amd64,linux/arm64" it is for both; scripts/release.sh does that for a release.
#
# BASE_IMAGE may be any image with the ASP.NET Core 10 runtime and time zones; the default has no
# shell and no package manager. A machine without a registry uses tests/cluster/images.sh instead.
ARG SDK_IMAGE=mcr.microsoft.com/dotnet/sdk:10.0
ARG BASE_IMAGE=mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled-extra

# Compiled on the machine that builds, for the one that runs.
FROM --platform=${BUILDPLATFORM} ${SDK_IMAGE} AS build
ARG TARGETARCH
ARG VERSION=0.1.0
WORKDIR /source
COPY . .
RUN dotnet publish operator/BuildIt.RoomApi -c Release -o /app --no-self-contained -nologo \
    -a ${TARGETARCH} -p:UseCurrentRuntimeIdentifier=false -p:PublishReadyToRun=true -p:Version=${VERSION} \
    -p:ContinuousIntegrationBuild=true -p:DebugType=embedded -p:GenerateDocumentationFile=false

FROM ${BASE_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="BuildIt SFU room API" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /app /app
WORKDIR /app
# Works with a read-only root file system: the runtime's diagnostic socket would need /tmp.
ENV DOTNET_EnableDiagnostics=0
USER 65532:65532
ENTRYPOINT ["/app/BuildIt.RoomApi"]
