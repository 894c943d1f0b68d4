return BuildIt.Sfu.Fuzz.FuzzCommand.Run(args);
