using System.Net;
using BuildIt.Operator.Api;
using BuildIt.RoomApi.Identity;
using BuildIt.RoomApi.Rooms;
using BuildIt.RoomApi.Tests.Nostr;
using BuildIt.Sfu.Contracts;
using BuildIt.Testing;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace BuildIt.RoomApi.Tests.Integration;

/// <summary>Decisions while the Kubernetes API takes no change of a room, because the operator's webhook is registered and no operator answers.</summary>
[Collection(RoomApiCollection.Name)]
public sealed class UndurableDecisionTests(RoomApiFixture api)
{
    private const string Webhook = "nobody-answers";

    private readonly NostrSigner _host = new();
    private readonly NostrSigner _guest = new();

    [Fact]
    public async Task Whoever_is_put_out_is_out_although_no_operator_answers_and_it_becomes_durable_later()
    {
        var id = await api.CreateRoomAsync(_host);
        var joined = (await api.A.PostAsync(_guest, $"/v1/rooms/{id}/join")).Expect(HttpStatusCode.OK);
        var (guest, token) = (joined.Text("participantId"), joined.Text("joinToken"));
        api.Node.Connected[(id, guest)] = true;
        await using (await RefuseChangesAsync(id))
        {
            var revoked = (await api.A.PostAsync(_host, $"/v1/rooms/{id}/participants/{guest}/revoke")).Expect(HttpStatusCode.Accepted);
            Assert.True(revoked.Json.GetProperty("applied").GetBoolean());
            Assert.False(revoked.Json.GetProperty("durable").GetBoolean());
            Assert.False(api.Node.Connected.ContainsKey((id, guest)));
            Assert.True(await api.Database.HashExistsAsync(api.Keys.Revocations(new RoomId(id)), guest));
            foreach (var replica in (Replica[])[api.A, api.B])
            {
                Assert.Equal("revoked", (await replica.PostAsync(_guest, $"/v1/rooms/{id}/join")).Expect(HttpStatusCode.Forbidden).Problem);
                Assert.Equal("revoked", (await RefreshAsync(replica, id, token)).Expect(HttpStatusCode.Forbidden).Problem);
            }

            Assert.False(RoomAnnotations.Of((await api.FindAsync(id))!, Id(guest)).Revoked);
        }

        await RoomApiFixture.EventuallyAsync(
            async () => RoomAnnotations.Of((await api.FindAsync(id))!, Id(guest)).Revoked
                && !await api.Database.KeyExistsAsync(api.Keys.UndurableDecisions(new RoomId(id)))
                && !await api.Database.SetContainsAsync(api.Keys.RoomsWithUndurableDecisions, id),
            TimeSpan.FromSeconds(30));
        Assert.Equal("revoked", (await api.B.PostAsync(_guest, $"/v1/rooms/{id}/join")).Expect(HttpStatusCode.Forbidden).Problem);
        (await api.B.SendAsync(_host, "DELETE", $"/v1/rooms/{id}/participants/{guest}/revoke")).Expect(HttpStatusCode.OK);
        (await api.A.PostAsync(_guest, $"/v1/rooms/{id}/join")).Expect(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_lower_role_takes_effect_although_no_operator_answers_and_a_higher_one_waits()
    {
        var id = await api.CreateRoomAsync(_host);
        var guest = (await api.A.PostAsync(_guest, $"/v1/rooms/{id}/join")).Text("participantId");
        api.Node.Connected[(id, guest)] = true;
        await using (await RefuseChangesAsync(id))
        {
            var demoted = (await api.A.PostAsync(_host, $"/v1/rooms/{id}/participants/{guest}/role", new { role = "viewer" })).Expect(HttpStatusCode.Accepted);
            Assert.True(demoted.Json.GetProperty("applied").GetBoolean());
            Assert.Equal("viewer", (await api.B.PostAsync(_guest, $"/v1/rooms/{id}/join")).Expect(HttpStatusCode.OK).Text("role"));
            var promoted = (await api.A.PostAsync(_host, $"/v1/rooms/{id}/participants/{guest}/role", new { role = "moderator" })).Expect(HttpStatusCode.ServiceUnavailable);
            Assert.Equal("control-plane-unavailable", promoted.Problem);
        }

        await RoomApiFixture.EventuallyAsync(
            async () => RoomAnnotations.Of((await api.FindAsync(id))!, Id(guest)).Role is BuildIt.RoomApi.Tokens.Role.Viewer, TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task Two_decisions_at_once_do_not_undo_each_other()
    {
        for (var round = 0; round < 15; round++)
        {
            var id = await api.CreateRoomAsync(_host);
            var guest = (await api.A.PostAsync(_guest, $"/v1/rooms/{id}/join")).Expect(HttpStatusCode.OK).Text("participantId");
            var revoking = api.A.PostAsync(_host, $"/v1/rooms/{id}/participants/{guest}/revoke");
            var naming = api.B.PostAsync(_host, $"/v1/rooms/{id}/participants/{guest}/role", new { role = "viewer" });
            (await revoking).Expect(HttpStatusCode.OK);
            Assert.Contains((await naming).Status, (HttpStatusCode[])[HttpStatusCode.OK, HttpStatusCode.Conflict]);
            Assert.True(RoomAnnotations.Of((await api.FindAsync(id))!, Id(guest)).Revoked, $"in round {round} the ban was undone");
        }
    }

    [Fact]
    public async Task Whoever_is_turned_away_while_they_knock_stays_so()
    {
        for (var round = 0; round < 15; round++)
        {
            var id = await api.CreateRoomAsync(_host, new { settings = new { requireApproval = true } });
            var guest = (await api.A.PostAsync(_guest, $"/v1/rooms/{id}/knock")).Expect(HttpStatusCode.Accepted).Text("participantId");
            var knocking = Task.WhenAll(Enumerable.Range(0, 4).Select(_ => api.A.PostAsync(_guest, $"/v1/rooms/{id}/knock", new { note = Guid.NewGuid().ToString() })));
            (await api.B.PostAsync(_host, $"/v1/rooms/{id}/waiting/{guest}/deny")).Expect(HttpStatusCode.OK);
            await knocking;
            Assert.Equal("denied", (await api.B.PostAsync(_guest, $"/v1/rooms/{id}/knock")).Expect(HttpStatusCode.OK).Text("state"));
        }
    }

    private static ParticipantId Id(string text) => ParticipantId.TryParse(text, out var id) ? id : throw new ArgumentException(text);

    private static Task<ApiAnswer> RefreshAsync(Replica replica, string room, string token) =>
        replica.SendAsync($"Bearer {token}", "POST", $"/v1/rooms/{room}/refresh", []);

    /// <summary>Registers the webhook as the chart does, for a server that does not know when to spare it, and waits until it counts.</summary>
    private async Task<IAsyncDisposable> RefuseChangesAsync(string room)
    {
        var port = FreePort.NextTcp();
        await api.Kubernetes.CoreV1.PatchNamespaceAsync(
            new V1Patch("{\"metadata\":{\"labels\":{\"" + Webhook + "\":\"" + api.Namespace + "\"}}}", V1Patch.PatchType.MergePatch), api.Namespace);
        await api.Kubernetes.AdmissionregistrationV1.CreateValidatingWebhookConfigurationAsync(new V1ValidatingWebhookConfiguration
        {
            Metadata = new V1ObjectMeta { Name = Webhook },
            Webhooks =
            [
                new V1ValidatingWebhook
                {
                    Name = "validate.sfu.buildit.network",
                    AdmissionReviewVersions = ["v1"],
                    SideEffects = "None",
                    FailurePolicy = "Fail",
                    NamespaceSelector = new V1LabelSelector { MatchLabels = new Dictionary<string, string> { [Webhook] = api.Namespace } },
                    ClientConfig = new Admissionregistrationv1WebhookClientConfig { Url = $"https://127.0.0.1:{port}/validate" },
                    Rules = [new V1RuleWithOperations { ApiGroups = [SfuApi.Group], ApiVersions = [SfuApi.Version], Operations = ["CREATE", "UPDATE"], Resources = [ConferenceRoom.Plural] }],
                },
            ],
        });
        var answering = new Registered(api.Kubernetes, () => IsRefusedAsync(room));
        await RoomApiFixture.EventuallyAsync(() => IsRefusedAsync(room), TimeSpan.FromSeconds(30));
        return answering;
    }

    private async Task<bool> IsRefusedAsync(string room)
    {
        try
        {
            await api.Kubernetes.CustomObjects.PatchNamespacedCustomObjectAsync<ConferenceRoom>(
                new V1Patch("""{"metadata":{"annotations":{"probe":"1"}}}""", V1Patch.PatchType.MergePatch),
                SfuApi.Group, SfuApi.Version, api.Namespace, ConferenceRoom.Plural, room, dryRun: "All");
            return false;
        }
        catch (HttpOperationException)
        {
            return true;
        }
    }

    private sealed class Registered(IKubernetes kubernetes, Func<Task<bool>> isRefused) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await kubernetes.AdmissionregistrationV1.DeleteValidatingWebhookConfigurationAsync(Webhook);
            await RoomApiFixture.EventuallyAsync(async () => !await isRefused(), TimeSpan.FromSeconds(30));
        }
    }
}
