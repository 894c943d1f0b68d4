using System.Collections.Frozen;

namespace BuildIt.RoomApi.Regions;

/// <summary>Which continent a country lies on: ISO 3166-1 alpha-2 codes by the United Nations' regions (M49).</summary>
public static class Continents
{
    private static readonly FrozenDictionary<string, string> ByCountry = Make(
        ("AF", "AO BF BI BJ BW CD CF CG CI CM CV DJ DZ EG EH ER ET GA GH GM GN GQ GW IO KE KM LR LS LY MA MG ML MR MU MW MZ NA NE NG RE RW SC SD SH SL SN SO SS ST SZ TD TF TG TN TZ UG YT ZA ZM ZW"),
        ("AN", "AQ BV GS HM"),
        ("AS", "AE AF AM AZ BD BH BN BT CN CY GE HK ID IL IN IQ IR JO JP KG KH KP KR KW KZ LA LB LK MM MN MO MV MY NP OM PH PK PS QA SA SG SY TH TJ TL TM TR TW UZ VN YE"),
        ("EU", "AD AL AT AX BA BE BG BY CH CZ DE DK EE ES FI FO FR GB GG GI GR HR HU IE IM IS IT JE LI LT LU LV MC MD ME MK MT NL NO PL PT RO RS RU SE SI SJ SK SM UA VA XK"),
        ("NA", "AG AI AW BB BL BM BQ BS BZ CA CR CU CW DM DO GD GL GP GT HN HT JM KN KY LC MF MQ MS MX NI PA PM PR SV SX TC TT US VC VG VI"),
        ("OC", "AS AU CC CK CX FJ FM GU KI MH MP NC NF NR NU NZ PF PG PN PW SB TK TO TV UM VU WF WS"),
        ("SA", "AR BO BR CL CO EC FK GF GY PE PY SR UY VE"));

    /// <summary>The continent's two letters; null for what is no country code.</summary>
    public static string? Of(string country) => ByCountry.GetValueOrDefault(country);

    private static FrozenDictionary<string, string> Make(params (string Continent, string Countries)[] table) =>
        table.SelectMany(row => row.Countries.Split(' ').Select(country => (country, row.Continent)))
            .ToFrozenDictionary(pair => pair.country, pair => pair.Continent, StringComparer.Ordinal);
}
