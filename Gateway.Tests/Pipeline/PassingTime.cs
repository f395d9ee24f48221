using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Pipeline;

/// <summary>Lets fake time pass while something runs that waits for it.</summary>
internal static class PassingTime
{
    /// <summary>
    /// Advances step by step until the task has ended. Between two steps a request goes to the gateway and back: on a machine
    /// that is too busy to get on with the task, that takes longer too, so that time does not run away from what is tested.
    /// </summary>
    public static async Task<T> PassUntilAsync<T>(this FakeTimeProvider time, GatewayHost gateway, Task<T> task, double step = 0.1)
    {
        while (await Task.WhenAny(task, Task.Delay(TimeSpan.FromMilliseconds(1))) != task)
        {
            using var _ = await gateway.GetAsync("/health/liveliness");
            if (!task.IsCompleted)
                time.Advance(TimeSpan.FromSeconds(step));
        }
        return await task.WaitAsync(GatewayHost.Patience);
    }
}
