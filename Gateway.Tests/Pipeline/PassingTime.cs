using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Pipeline;

/// <summary>Lets fake time pass while something runs that waits for it.</summary>
internal static class PassingTime
{
    /// <summary>Advances step by step until the task has ended; after each step the gateway has a moment of real time to work in.</summary>
    public static async Task<T> PassUntilAsync<T>(this FakeTimeProvider time, Task<T> task, double step = 0.1)
    {
        while (await Task.WhenAny(task, Task.Delay(TimeSpan.FromMilliseconds(1))) != task)
            time.Advance(TimeSpan.FromSeconds(step));
        return await task.WaitAsync(GatewayHost.Patience);
    }
}
