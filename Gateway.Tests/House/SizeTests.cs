using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Gateway.Tests.House;

/// <summary>Files and methods stay small enough to be read in one go.</summary>
public sealed class SizeTests
{
    private const int MaxFileLines = 400;

    /// <summary>The longest function of a request's way stays under this, first line to last.</summary>
    private const int MaxMethodLines = 60;

    // Where a request passes.
    private static readonly string[] RequestPath = ["Pipeline", "Upstream", "Dialects", "Limits", "Keys", "Routing"];

    [Test]
    public void NoFileIsLongerThanFourHundredLines() =>
        Assert.That(
            Repository.Sources().Where(file => Lines(file.Text) > MaxFileLines).Select(file => $"{file.Path}: {Lines(file.Text)} lines"),
            Is.Empty);

    [Test]
    public void NoMethodOfTheRequestPathIsLongerThanAScreen() =>
        Assert.That(
            Repository.Sources()
                .Where(file => RequestPath.Contains(file.Path.Split('/')[0]))
                .SelectMany(file => LongMethods(file.Text).Select(method => $"{file.Path}: {method}")),
            Is.Empty);

    [Test]
    public void AMethodOfSixtyOneLinesIsFoundAndOneOfSixtyIsNot()
    {
        var text = $"class A\n{{\n    void Fits()\n    {{{Statements(57)}\n    }}\n"
            + $"\n    void IsTooLong()\n    {{{Statements(58)}\n    }}\n}}\n";

        Assert.That(LongMethods(text), Is.EqualTo(new[] { "IsTooLong has 61 lines" }));
    }

    [Test]
    public void DocumentationBeforeAMethodDoesNotCount()
    {
        var comment = string.Concat(Enumerable.Repeat("    /// <summary>Why.</summary>\n", 30));

        Assert.That(LongMethods($"class A\n{{\n{comment}    A()\n    {{{Statements(50)}\n    }}\n}}\n"), Is.Empty);
    }

    [Test]
    public void LinesAreCountedAsAnEditorDoes() => Assert.That((Lines(""), Lines("a\n"), Lines("a\nb")), Is.EqualTo((0, 1, 2)));

    private static string Statements(int count) => string.Concat(Enumerable.Repeat("\n        Do(\"{\");", count));

    private static int Lines(string text) => text.Length == 0 ? 0 : text.TrimEnd('\n').Count(c => c == '\n') + 1;

    private static IEnumerable<string> LongMethods(string text)
    {
        foreach (var method in CSharpSyntaxTree.ParseText(text).GetRoot().DescendantNodes().OfType<BaseMethodDeclarationSyntax>())
        {
            var span = method.GetLocation().GetLineSpan();
            var lines = span.EndLinePosition.Line - span.StartLinePosition.Line + 1;
            if (lines > MaxMethodLines)
                yield return $"{Name(method)} has {lines} lines";
        }
    }

    private static string Name(BaseMethodDeclarationSyntax method) => method switch
    {
        MethodDeclarationSyntax named => named.Identifier.Text,
        ConstructorDeclarationSyntax constructor => constructor.Identifier.Text,
        _ => method.Kind().ToString(),
    };
}
