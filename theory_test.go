package stochopt_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var (
	testLink = regexp.MustCompile(`\[(Test\w+)\]\(([^)]*)\)`)
	testName = regexp.MustCompile(`\bTest[A-Z0-9]\w*`)
	testFunc = regexp.MustCompile(`(?m)^func (Test\w+)\(\w+ \*testing\.T\) \{`)
)

// absent returns what a page in the folder docs says of tests that is not so: links to tests that are not in the file,
// and names of tests that are not linked.
func absent(t *testing.T, page string) (wrong []string) {
	t.Helper()
	for _, link := range testLink.FindAllStringSubmatch(page, -1) {
		source, err := os.ReadFile(filepath.Join("docs", filepath.FromSlash(link[2])))
		if err != nil {
			wrong = append(wrong, err.Error())
			continue
		}
		if !slices.ContainsFunc(testFunc.FindAllSubmatch(source, -1), func(m [][]byte) bool { return string(m[1]) == link[1] }) {
			wrong = append(wrong, link[1]+" is not in "+link[2])
		}
	}
	for _, name := range testName.FindAllString(testLink.ReplaceAllString(page, ""), -1) {
		wrong = append(wrong, name+" is not linked")
	}
	return wrong
}

// TestTheoryPage: every test that docs/theory.md names is where it says, and its statements are numbered without gaps.
// A name that is not found, a file that is not, and a name without a link are each noticed.
func TestTheoryPage(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("docs", "theory.md"))
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	for _, wrong := range absent(t, page) {
		t.Errorf("docs/theory.md: %s", wrong)
	}
	if n := len(testLink.FindAllString(page, -1)); n < 80 {
		t.Errorf("docs/theory.md: %d links to tests", n)
	}
	statements := regexp.MustCompile(`(?m)^(\d+)\. \*\*`).FindAllStringSubmatchIndex(page, -1)
	for i, at := range statements {
		end := len(page)
		if i+1 < len(statements) {
			end = statements[i+1][0]
		}
		if !testLink.MatchString(page[at[0]:end]) || !strings.HasPrefix(page[at[2]:], strconv.Itoa(i+1)+". ") {
			t.Errorf("docs/theory.md: statement %d has no test, or another number: %.40s", i+1, page[at[0]:end])
		}
	}
	if len(statements) < 34 {
		t.Errorf("docs/theory.md: %d statements", len(statements))
	}
	for bad, want := range map[string]string{
		"[TestNoSuchThing](../adam_test.go)":  "is not in",
		"[TestAdamScale](../method/adam.go)":  "no such file",
		"see TestAdamScale":                   "is not linked",
		"[TestAdamScal](../adam_test.go)":     "is not in",
		"[TestAdamScale](../problem_test.go)": "is not in",
	} {
		if got := strings.Join(absent(t, bad), "; "); !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", bad, got, want)
		}
	}
	if got := absent(t, "[TestAdamScale](../adam_test.go)"); got != nil {
		t.Errorf("a right link is wrong: %q", got)
	}
}
