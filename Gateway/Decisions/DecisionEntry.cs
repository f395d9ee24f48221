namespace Gateway.Decisions;

/// <summary>One request on its way into the table. It has ended and does not change any more.</summary>
/// <param name="Exchange">Null: nothing is written, old decisions are deleted.</param>
/// <param name="ModelOf">Tells the model of a deployment by its id (<c>openai/gpt-4o</c>), from the config that the request ran on.</param>
internal readonly record struct DecisionEntry(Exchange? Exchange, Func<string, string?>? ModelOf);
