namespace BuildIt.Operator.Runtime.Caching;

/// <summary>One change of the cache: <see cref="Old"/> is null for a new object, <see cref="New"/> for a deleted one.</summary>
public readonly record struct ObjectChange<T>(T? Old, T? New)
    where T : class
{
    /// <summary>The object as it is, or as it was before it was deleted.</summary>
    public T Latest => New ?? Old!;
}
