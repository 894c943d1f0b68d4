using BuildIt.RoomApi.Tokens;

namespace BuildIt.RoomApi.Tests.Tokens;

public class RoleTests
{
    [Theory]
    [InlineData(Role.Host, Role.Host, true)]
    [InlineData(Role.Host, Role.Moderator, true)]
    [InlineData(Role.Host, Role.Viewer, true)]
    [InlineData(Role.Moderator, Role.Host, false)]
    [InlineData(Role.Moderator, Role.Moderator, false)]
    [InlineData(Role.Moderator, Role.Participant, true)]
    [InlineData(Role.Moderator, Role.Viewer, true)]
    [InlineData(Role.Participant, Role.Viewer, false)]
    [InlineData(Role.Viewer, Role.Viewer, false)]
    public void Who_decides_about_whom(Role actor, Role target, bool may) => Assert.Equal(may, actor.MayDecideAbout(target));

    [Theory]
    [InlineData(Role.Host, "host", true)]
    [InlineData(Role.Moderator, "moderator", true)]
    [InlineData(Role.Participant, "participant", false)]
    [InlineData(Role.Viewer, "viewer", false)]
    public void Names_are_the_plans(Role role, string name, bool moderates)
    {
        Assert.Equal(name, role.Name());
        Assert.Equal(moderates, role.Moderates());
        Assert.Equal($"\"{name}\"", System.Text.Json.JsonSerializer.Serialize(role));
    }
}
