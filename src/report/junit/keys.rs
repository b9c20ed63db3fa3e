//! Names of cases. GitLab compares branches by class and name, and keeps only the first of two cases that have the same: no
//! two cases of a file may. What a name is made of comes from the suite file alone, so that it is the same in every run.

use std::collections::HashSet;

use quick_junit::Report;

/// Numbers the second and further cases of one class and name, in the order of the file.
pub fn make_unique(report: &mut Report) {
    let mut taken = HashSet::new();
    for case in report.test_suites.iter_mut().flat_map(|suite| &mut suite.test_cases) {
        let class = case.classname.as_ref().map_or_else(String::new, |class| class.to_string());
        let first = case.name.to_string();
        let mut name = first.clone();
        let mut times = 1;
        while !taken.insert((class.clone(), name.clone())) {
            times += 1;
            name = format!("{first} #{times}");
        }
        case.name = name.into();
    }
}

#[cfg(test)]
mod tests {
    use quick_junit::{TestCase, TestCaseStatus, TestSuite};

    use super::*;

    #[test]
    fn no_two_cases_have_one_name() {
        let mut report = Report::new("r");
        for names in [["a", "a #2", "a", "b"], ["a", "b", "b", "c"]] {
            let mut suite = TestSuite::new("s");
            suite.add_test_cases(names.map(|name| TestCase::new(name, TestCaseStatus::success())));
            report.add_test_suite(suite);
        }
        make_unique(&mut report);
        let cases = report.test_suites.iter().flat_map(|suite| &suite.test_cases);
        let names: Vec<&str> = cases.map(|case| case.name.as_str()).collect();
        assert_eq!(names, ["a", "a #2", "a #3", "b", "a #4", "b #2", "b #3", "c"]);
    }
}
