using System.Text;
using System.Text.Json;

namespace Gateway.Dialects;

/// <summary>Composes a form that leaves from slices of the client's form: what is not changed is not touched.</summary>
internal static class FormComposer
{
    private const string ModelName = "model";

    /// <summary>
    /// As <see cref="BodyComposer.Compose"/>; members of a config that are objects or lists cannot be fields of a form and stay away.
    /// </summary>
    public static SplicedBody Compose(MultipartForm form, RequestChanges changes)
    {
        var body = new SplicedBody { MediaType = $"multipart/form-data; boundary=\"{form.Boundary}\"" };
        AddField(body, form, ModelName, changes.Model);
        foreach (var (name, json) in changes.Overrides)
            AddSetting(body, form, name, json);
        foreach (var (name, json) in changes.Defaults)
        {
            if (!IsReplaced(name, changes) && !form.Parts.Any(part => part.Name == name))
                AddSetting(body, form, name, json);
        }
        foreach (var part in form.Parts)
        {
            if (part.Name != ModelName && Leaves(part) && !IsReplaced(part.Name, changes))
                body.Add(form.Body.Slice(part.Start, part.End - part.Start));
        }
        body.Add(form.Body.Slice(form.End));
        return body;
    }

    /// <summary>The form without the fields that are the gateway's alone.</summary>
    public static SplicedBody WithoutOwn(MultipartForm form)
    {
        var body = new SplicedBody { MediaType = $"multipart/form-data; boundary=\"{form.Boundary}\"" };
        foreach (var part in form.Parts)
        {
            if (Leaves(part))
                body.Add(form.Body.Slice(part.Start, part.End - part.Start));
        }
        body.Add(form.Body.Slice(form.End));
        return body;
    }

    private static bool Leaves(in FormPart part) =>
        part.Name == ModelName || BodyComposer.Leaves(MemberNames.KindOf(Encoding.UTF8.GetBytes(part.Name)));

    private static bool IsReplaced(string name, RequestChanges changes) =>
        changes.Dropped.Contains(name) || changes.Overrides.Any(pair => pair.Key == name);

    private static void AddSetting(SplicedBody body, MultipartForm form, string name, string json)
    {
        using var value = JsonDocument.Parse(json);
        var text = value.RootElement.ValueKind switch
        {
            JsonValueKind.String => value.RootElement.GetString(),
            JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => json,
            _ => null,
        };
        if (text is not null && name != ModelName)
            AddField(body, form, name, text);
    }

    private static void AddField(SplicedBody body, MultipartForm form, string name, string text) => body.Add(
        Encoding.UTF8.GetBytes($"--{form.Boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n"));
}
