package bounce

import "strings"

// phrases are beginnings of words, in lower case and without accents and punctuation, as normalize returns them. A space
// at the end matches the end of a word. Chinese and Japanese put no spaces between words, so their phrases match anywhere.
type phrases []string

// firstIdeograph is the first byte of the letters of Chinese and Japanese in UTF-8 (from U+3000).
const firstIdeograph = 0xE3

func (p phrases) in(words string) bool {
	for _, phrase := range p {
		if strings.Contains(words, " "+phrase) || phrase[0] >= firstIdeograph && strings.Contains(words, phrase) {
			return true
		}
	}
	return false
}

// wordClass is a class with the phrases that identify it.
type wordClass struct {
	class Class
	words phrases
}

// wordClasses lists classes in order of precedence.
type wordClasses []wordClass

// class returns "" if no phrase matches.
func (list wordClasses) class(words string) Class {
	for _, c := range list {
		if c.words.in(words) {
			return c.class
		}
	}
	return ""
}

// combine returns each subject followed by each verb.
func combine(subjects, verbs phrases) (all phrases) {
	for _, subject := range subjects {
		for _, verb := range verbs {
			all = append(all, subject+" "+verb)
		}
	}
	return all
}

// join concatenates lists of phrases.
func join(lists ...phrases) (all phrases) {
	for _, list := range lists {
		all = append(all, list...)
	}
	return all
}
