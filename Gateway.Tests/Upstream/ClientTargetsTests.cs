using System.Net;
using Gateway.Upstream;

namespace Gateway.Tests.Upstream;

public sealed class ClientTargetsTests
{
    [TestCase("8.8.8.8")]
    [TestCase("1.1.1.1")]
    [TestCase("100.63.255.255")]
    [TestCase("100.128.0.0")]
    [TestCase("172.15.255.255")]
    [TestCase("172.32.0.0")]
    [TestCase("192.167.0.1")]
    [TestCase("192.169.0.1")]
    [TestCase("169.253.0.1")]
    [TestCase("223.255.255.254")]
    [TestCase("2606:4700:4700::1111")]
    [TestCase("::ffff:8.8.8.8")]
    public void APublicAddressMayBeCalled(string address) => Assert.That(ClientTargets.IsPublic(IPAddress.Parse(address)), Is.True);

    [TestCase("0.0.0.0")]
    [TestCase("10.0.0.1")]
    [TestCase("100.64.0.1")]
    [TestCase("100.100.100.200")]
    [TestCase("127.0.0.1")]
    [TestCase("127.255.255.255")]
    [TestCase("169.254.169.254")]
    [TestCase("172.16.0.1")]
    [TestCase("172.31.255.255")]
    [TestCase("192.0.0.192")]
    [TestCase("192.0.2.1")]
    [TestCase("192.88.99.1")]
    [TestCase("192.168.1.1")]
    [TestCase("198.18.0.1")]
    [TestCase("198.19.255.255")]
    [TestCase("198.51.100.1")]
    [TestCase("203.0.113.1")]
    [TestCase("224.0.0.1")]
    [TestCase("240.0.0.1")]
    [TestCase("255.255.255.255")]
    [TestCase("168.63.129.16")]
    [TestCase("::")]
    [TestCase("::1")]
    [TestCase("::127.0.0.1")]
    [TestCase("::ffff:10.0.0.1")]
    [TestCase("::ffff:169.254.169.254")]
    [TestCase("64:ff9b::7f00:1")]
    [TestCase("2001:0:a00:1::")]
    [TestCase("2001:db8::1")]
    [TestCase("2002:7f00:1::")]
    [TestCase("3fff::1")]
    [TestCase("fc00::1")]
    [TestCase("fd00:ec2::254")]
    [TestCase("fe80::1")]
    [TestCase("fec0::1")]
    [TestCase("ff02::1")]
    public void AnAddressOfAnInnerOrSpecialNetworkMayNot(string address) => Assert.That(ClientTargets.IsPublic(IPAddress.Parse(address)), Is.False);

    [TestCase("localhost")]
    [TestCase("127.0.0.1")]
    [TestCase("[::1]")]
    public async Task AGuardedHandlerDoesNotConnectToThisMachine(string host)
    {
        using var invoker = new HttpMessageInvoker(ClientTargets.Guard(new SocketsHttpHandler { UseProxy = false }));
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{host}:1/");

        var refusal = await Assert.CatchAsync<HttpRequestException>(async () => await invoker.SendAsync(request, CancellationToken.None));
        Assert.That(refusal!.Message, Does.Contain("not a public one"));
    }
}
