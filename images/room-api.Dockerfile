# The image of the room API. Build it from the top of the repository:
#
#   docker build -f images/room-api.Dockerfile -t buildit/room-api .
#
# BASE_IMAGE may be any image with the ASP.NET Core 10 runtime and time zones; the default has no
# shell and no package manager. A machine without a registry uses tests/cluster/images.sh instead.
ARG SDK_IMAGE=mcr.microsoft.com/dotnet/sdk:10.0
ARG BASE_IMAGE=mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled-extra

FROM ${SDK_IMAGE} AS build
WORKDIR /source
COPY . .
RUN dotnet publish operator/BuildIt.RoomApi -c Release -o /app --no-self-contained -nologo \
    --use-current-runtime -p:PublishReadyToRun=true \
    -p:ContinuousIntegrationBuild=true -p:DebugType=embedded -p:GenerateDocumentationFile=false

FROM ${BASE_IMAGE}
COPY --from=build /app /app
WORKDIR /app
# Works with a read-only root file system: the runtime's diagnostic socket would need /tmp.
ENV DOTNET_EnableDiagnostics=0
USER 65532:65532
ENTRYPOINT ["/app/BuildIt.RoomApi"]
