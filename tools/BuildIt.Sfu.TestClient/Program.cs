using BuildIt.Sfu.TestClient.LoadTest;

return await LoadTestCommand.Create().Parse(args).InvokeAsync();
