package dag

// decodeLogOutput decodes how the logs of streams are kept.
func decodeLogOutput(to *LogOutput, n node) {
	if text, ok := n.oneOf(string(LogSeparate), string(LogMerged)); ok {
		*to = LogOutput(text)
	}
}
