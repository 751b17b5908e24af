#![expect(clippy::unwrap_used, reason = "tests")]

use expect_test::expect;

use super::*;

fn dots(values: &[Option<u32>]) -> Vec<Dot> {
    values.iter().zip(0..).map(|(value, at)| Dot { from_s: at * 10, span_s: 10, value: *value }).collect()
}

fn chart() -> Chart {
    let panel = |measure, stable: &[Option<u32>], canary: &[Option<u32>]| Panel {
        service: "api".parse().unwrap(),
        measure,
        stable: dots(stable),
        canary: dots(canary),
    };
    Chart {
        title: "r-2: v1.4.0 & <more>".to_owned(),
        span_s: 60,
        stages: vec![StageMark { from_s: 0, weight_pct: 10 }, StageMark { from_s: 30, weight_pct: 50 }],
        panels: vec![
            panel(
                Measure::Failed,
                &[Some(0), Some(10), Some(0), Some(0), Some(20), Some(0)],
                &[Some(0), None, Some(40), Some(900), Some(2_000), Some(1_900)],
            ),
            panel(
                Measure::Latency,
                &[Some(10); 6],
                &[Some(10), None, Some(10), Some(50), Some(50), Some(50)],
            ),
        ],
        says: vec!["10% for 30 s: api canary 1 of 9 failed (11.1%), stable 0 of 90 failed (0.0%)".to_owned()],
    }
}

#[test]
fn in_characters() {
    expect![[r#"
        api: failed requests (s stable, c canary, * both)
            20% |                         :        ccccccccccccccccc
                |                         :
                |                         :cccccccc
                |                         :
                |         ssssssssccccccccc        sssssssss
             0% |*********        sssssssssssssssss         ssssssss
                +---------------------------------------------------
                 10%                      50%                   60 s

        api: 95 of 100 answers within (s stable, c canary, * both)
          50 ms |                         :ccccccccccccccccccccccccc
                |                         :
                |                         :
                |                         :
                |*********ssssssss*********sssssssssssssssssssssssss
           0 ms |                         :
                +---------------------------------------------------
                 10%                      50%                   60 s"#]]
    .assert_eq(&letters(&chart(), 60).join("\n"));
}

/// One pause of a busy machine would press everything else to the bottom.
#[test]
fn a_lone_moment_beyond_the_others_does_not_hide_them() {
    let mut chart = chart();
    let slower = |values: &[u32]| dots(&values.iter().map(|value| Some(*value)).collect::<Vec<_>>());
    chart.panels = vec![Panel {
        service: "api".parse().unwrap(),
        measure: Measure::Latency,
        stable: slower(&[20, 20, 1_000, 20, 20, 20]),
        canary: slower(&[20, 20, 20, 50, 50, 50]),
    }];
    expect![[r#"
        api: 95 of 100 answers within (s stable, c canary, * both)
        >100 ms |                 sssssssss
                |                         :
                |                         :ccccccccccccccccccccccccc
                |                         :
                |*****************cccccccccsssssssssssssssssssssssss
           0 ms |                         :
                +---------------------------------------------------
                 10%                      50%                   60 s"#]]
    .assert_eq(&letters(&chart, 60).join("\n"));
}

#[test]
fn in_characters_it_never_panics_and_keeps_to_the_width() {
    for span_s in [0, 1, 7, 59, 60, 100_000] {
        for width in [0, 1, 30, 79, 500] {
            let lines = letters(&Chart { span_s, ..chart() }, width);
            assert!(
                lines.iter().skip(1).all(|line| line.len() <= width.max(30) || line.contains('(')),
                "{lines:#?}"
            );
        }
    }
}

#[test]
fn as_svg_with_words_for_whoever_hears_it() {
    let drawn = svg(&chart());
    assert!(drawn.contains("<title id=\"title\">r-2: v1.4.0 &amp; &lt;more&gt;</title>"), "{drawn}");
    assert!(drawn.contains("<desc id=\"says\">10% for 30 s: api canary 1 of 9 failed"), "{drawn}");
    assert!(drawn.contains("#d55e00") && drawn.contains("#0072b2") && drawn.contains("95 of 100"), "{drawn}");
    assert!(!drawn.contains("NaN") && !drawn.contains("inf"), "{drawn}");
}

#[test]
fn shapes_stay_on_the_picture_and_a_gap_is_no_line() {
    let Scene { width, height, shapes } = scene(&chart());
    let inside = |(x, y): (f32, f32)| (0.0..=width).contains(&x) && (0.0..=height).contains(&y);
    for shape in &shapes {
        match shape {
            Shape::Line { points, .. } => assert!(points.iter().all(|point| inside(*point)), "{shape:?}"),
            Shape::Spot { at, .. } | Shape::Text { at, .. } => assert!(inside(*at), "{shape:?}"),
        }
    }
    // The canary answered nothing in the second part: what was before it has no neighbour.
    let spots = shapes.iter().filter(|shape| matches!(shape, Shape::Spot { ink: Ink::Canary, .. })).count();
    assert_eq!(spots, 2);
}

#[test]
fn a_service_nobody_asked_leaves_the_picture_to_the_others() {
    let stage = |asked: &[(&str, u64)]| {
        let services = asked.iter().map(|(service, requests)| {
            let mut here = InStage::default();
            here.track.whole.stable.requests = *requests;
            here.track.points = vec![Point { span_s: 10, ..here.track.whole.clone() }];
            (service.parse().unwrap(), here)
        });
        StageSoak {
            step: 1,
            weight_pct: 10,
            soak_s: 10,
            limit_s: 10,
            began_ms: 0,
            ended_ms: None,
            services: services.collect(),
            held: None,
            promoted_by: None,
        }
    };
    let shown = |asked: &[(&str, u64)]| -> Vec<String> {
        let mut trial = Trial::default();
        trial.stages.push(stage(asked));
        Chart::of(&trial, "r-1").unwrap().panels.iter().map(|panel| panel.service.to_string()).collect()
    };
    assert_eq!(shown(&[("api", 3), ("web", 0)]), ["api", "api"]);
    assert_eq!(shown(&[("api", 0), ("web", 0)]), ["api", "api", "web", "web"]);
}
