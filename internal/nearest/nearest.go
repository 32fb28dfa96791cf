// Package nearest finds the word that a mistyped one probably means.
package nearest

// Word returns the known word that a mistyped one differs least from, or "" if none is known.
func Word(word string, known []string) string {
	best, least := "", -1
	for _, k := range known {
		if d := Distance(word, k); least < 0 || d < least {
			best, least = k, d
		}
	}
	return best
}

// Distance returns the Levenshtein distance of two words: how many letters are missing, added or wrong. It looks at the first 64.
func Distance(a, b string) int {
	a, b = a[:min(len(a), 64)], b[:min(len(b), 64)]
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
