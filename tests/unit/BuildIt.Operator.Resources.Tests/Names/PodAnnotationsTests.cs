using BuildIt.Operator.Planning.Model;
using BuildIt.Operator.Resources.Names;
using k8s.Models;

namespace BuildIt.Operator.Resources.Tests.Names;

public sealed class PodAnnotationsTests
{
    [Fact]
    public void A_drain_recorded_on_a_pod_is_found_again()
    {
        var drain = PodAnnotations.Drain(Given.Now, Given.Now.AddMinutes(10), DrainCause.Cordon, "why");
        var pod = Pod(drain.Where(pair => pair.Value is not null).ToDictionary(pair => pair.Key, pair => pair.Value!));

        Assert.Equal(Given.Now, PodAnnotations.Time(pod, PodAnnotations.DrainStarted));
        Assert.Equal(Given.Now.AddMinutes(10), PodAnnotations.Time(pod, PodAnnotations.DrainDeadline));
        Assert.Equal(DrainCause.Cordon, PodAnnotations.Cause(pod));
        Assert.Null(PodAnnotations.Time(pod, PodAnnotations.ReconnectAsked));
    }

    [Theory]
    [InlineData("soon", "Whim")]
    [InlineData("", "99")]
    public void What_is_no_record_is_none(string time, string cause)
    {
        var pod = Pod(new Dictionary<string, string> { [PodAnnotations.DrainStarted] = time, [PodAnnotations.DrainCauseKey] = cause });

        Assert.Null(PodAnnotations.Time(pod, PodAnnotations.DrainStarted));
        Assert.Equal(DrainCause.None, PodAnnotations.Cause(pod));
    }

    [Fact]
    public void Calling_back_takes_away_all_that_a_drain_put_there() =>
        Assert.Equal(
            PodAnnotations.Drain(Given.Now, Given.Now, DrainCause.Manual, "").Keys.Order(),
            PodAnnotations.NoDrain().Keys.Order());

    private static V1Pod Pod(Dictionary<string, string> annotations) => new() { Metadata = new V1ObjectMeta { Annotations = annotations } };
}
